enum ScanningPlaceholder {}
