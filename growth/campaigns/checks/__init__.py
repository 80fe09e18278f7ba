"""What is looked at before a campaign goes out: one file for each family of findings, each finding with its remedy."""
