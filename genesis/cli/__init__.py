"""The command line: verbs only. What a verb does lives in the rooms below."""
