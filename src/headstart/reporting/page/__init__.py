"""The files of a run become one page for people: ``report.html``."""
