"""Daily and tier reports: notebooks run with parameters. None is built yet."""
