"""Step Functions: workflows, Distributed Maps, executions."""
