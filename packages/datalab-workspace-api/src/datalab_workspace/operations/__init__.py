"""What a workspace does, one module for each job."""
