enum FeaturizationPlaceholder {}
