"""Installing: what makes an environment's packages present, changes its pins and keeps its lock."""
