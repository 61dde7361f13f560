"""Why a model decided so about an image: heat maps, and checks of them."""
