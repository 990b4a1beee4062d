export {} // ends well, yet has nothing to show
