"""Every error a user can meet, drawn as one tree; each message says what to do next.

FootnoteError
├── UsageError            what was asked for makes no sense as typed (exit code 2)
│   ├── SettingError      a setting has a value that cannot be used; names the key and the value
│   └── CaseError         a file of evaluation cases is wrong; names the file, line and field
├── LoadError             one file cannot be read as a document; the others go on
├── ModelError            the embedding model or the reranker cannot be loaded, exported or run
├── ModelFailure          the language model gave no whole reply
│   ├── ModelUnavailable  it cannot be reached, refuses, or broke off
│   └── ModelTimeout      it took too long to begin or to end
├── IndexUnavailable      the index to be read is missing, damaged or of another format
├── BuildError            a build could not finish; the previous generation still answers
│   └── BuildInProgress   another process is building this index and did not finish in time
├── ConversationsUnavailable  the database of conversations cannot be opened, read or written
├── ConversationNotFound  no such conversation or answer, or it is somebody else's
├── SlackUnavailable      Slack cannot be reached, or refuses the tokens
├── RunError              an evaluation run had to stop, or its folder cannot be read
└── MissingExtra          a package of an optional extra is needed; names the install command

A programmer's mistake stays what Python makes of it (TypeError, ValueError): only what a user can
cause and mend is in this tree, and the command line prints its message without a traceback.
"""


class FootnoteError(Exception):
    """Base of all errors that a user can cause and mend; `str(error)` is the message to show."""


class UsageError(FootnoteError):
    """What was asked for makes no sense as typed."""


class SettingError(UsageError):
    """A setting has a value that cannot be used."""


class CaseError(UsageError):
    """A file of evaluation cases cannot be read as one."""


class LoadError(FootnoteError):
    """One file cannot be read as a document."""


class ModelError(FootnoteError):
    """The embedding model or the reranker cannot be loaded, exported or run."""


class ModelFailure(FootnoteError):
    """The language model gave no whole reply."""


class ModelUnavailable(ModelFailure):
    """The language model cannot be reached, refuses, or broke off."""


class ModelTimeout(ModelFailure):
    """The language model took too long to begin or to end."""


class IndexUnavailable(FootnoteError):
    """The index to be read is missing, unfinished, damaged or from another format."""


class BuildError(FootnoteError):
    """A build could not finish; the previous generation still answers."""


class BuildInProgress(BuildError):
    """Another process is building this index and did not finish in time."""


class ConversationsUnavailable(FootnoteError):
    """The database of conversations cannot be opened, read or written, or is a newer Footnote's."""


class ConversationNotFound(FootnoteError):
    """No such conversation or answer: unknown, expired, deleted or somebody else's."""


class SlackUnavailable(FootnoteError):
    """Slack cannot be reached, or refuses the tokens."""


class RunError(FootnoteError):
    """An evaluation run had to stop, or its folder cannot be read as one."""


class MissingExtra(FootnoteError):
    """A package of an optional extra is needed for what was asked."""
