"""Which words, or characters, of a document an answer rests on."""
