"""What each layer holds: fields, vocabularies, forms."""
