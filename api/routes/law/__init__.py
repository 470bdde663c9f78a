"""Routes of law: audit, registers, viewing, compliance."""
