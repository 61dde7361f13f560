"""Why a model decided so: what every explanation has, and nearest training examples."""
