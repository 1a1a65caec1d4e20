enum AllocationPlaceholder {}
