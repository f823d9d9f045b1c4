"""Parts that several backends share: outcomes, session set-up, journals, mailbox, open requests, warm processes."""
