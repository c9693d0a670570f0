"""What several test files share: definitions, peers, tiny runs and models, processes."""
