"""Why a model decided so: heat maps, nearest training examples, and checks of both."""
