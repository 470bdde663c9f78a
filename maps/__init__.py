"""Drawing: pages and pictures of the frames they are given."""
