"""The program that runs inside the captured interpreter and prints its facts.

Standard library only, Python 3.6 to 3.14, and nothing of kerasdiff outside this folder: the folder is exported as one
zip file and run by interpreters in which kerasdiff isn't installed.
"""

#: Raised with every change of what a fact means; goes into ``captured`` beside kerasdiff's own version.
VERSION = "0.1.0"

#: Exit statuses of the probe when it is run by itself.
EXIT_OK = 0
EXIT_USAGE = 2
EXIT_FAILED = 3
EXIT_TOO_OLD = 79  # launch.py, which may import nothing, repeats this number
