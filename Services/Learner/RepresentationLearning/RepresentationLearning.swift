enum RepresentationLearningPlaceholder {}
