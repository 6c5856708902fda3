"""The operations of a workspace, one module for each job."""
