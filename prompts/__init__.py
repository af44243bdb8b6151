"""The words sent to a language model, one `.md` file each; quoting needs none of them."""
