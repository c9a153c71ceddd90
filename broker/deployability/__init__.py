"""May it go? The matrix, its verdict, badges, dashboards and networks."""
