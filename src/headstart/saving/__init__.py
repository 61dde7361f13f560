"""Out of the library: a folder that opens without Headstart."""
