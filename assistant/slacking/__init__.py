"""What the Slack bot is made of, beside its listeners: events read, answers drawn, replies sent.

`assistant/slack.py` puts it together. Nothing here decides anything about an answer.
"""
