"""How far those who came by a channel have come: a funnel for each side, and cohorts by week."""
