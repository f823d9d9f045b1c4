"""Setting right what a crash left behind."""
