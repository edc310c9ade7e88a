"""What is remembered: the event log and its tape, the journal's pages, and the tick store."""
