"""The report in its forms: console, JSON, JUnit XML, Markdown, GitHub annotations, HTML. Each is a pure function."""
