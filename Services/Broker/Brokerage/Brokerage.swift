enum BrokeragePlaceholder {}
