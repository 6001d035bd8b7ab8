"""Where sites, cars or cadres do most: covering, median, centre and least-loss models, each with a proved bound."""
