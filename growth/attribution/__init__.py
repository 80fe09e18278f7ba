"""Who gets the credit: touches, conversions, credits."""
