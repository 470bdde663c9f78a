"""What is built in the synthetic district."""
