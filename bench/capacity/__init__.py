"""How many replicas: autoscaling under a step of load, and a model of capacity and cost."""
