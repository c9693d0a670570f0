"""What a run reads: datasets, damage, fingerprints, and batches for the replicas."""
