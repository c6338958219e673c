"""Sources: job specs that are kept, run by hand or by a schedule, and remember how far their runs came."""
