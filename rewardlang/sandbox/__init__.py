"""A process in which a program that a model wrote can run: README.md says what it may do, and on which systems there is one."""
