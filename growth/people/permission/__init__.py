"""Permission as people give and change it: lists, forms, confirmations, preferences, and the law they fall under."""
