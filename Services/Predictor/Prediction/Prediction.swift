enum PredictionPlaceholder {}
