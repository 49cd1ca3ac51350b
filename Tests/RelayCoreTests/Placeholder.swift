// Made way for at once.
