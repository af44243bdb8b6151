"""The words sent to a language model, one `.md` file each. The quoting writer needs none of them."""
