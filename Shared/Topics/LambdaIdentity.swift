extension FunctionID {
    /// The function of a Lambda telemetry record, which does not say it itself.
    ///
    /// `lambda` is a function's name, beside which customer and service must be given, or its ARN,
    /// `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]`: then the customer is the account
    /// and the service is NAME, unless given. The qualifier is left out: versions and aliases of a
    /// function are one function with one shape.
    ///
    /// - Throws: when a part is not given, or an ARN is not a function's.
    init(customer: String?, service: String?, lambda: String?) throws(Rejection) {
        guard let lambda else { throw Rejection(.missingField, "header function is not given") }
        guard lambda.hasPrefix("arn:") else {
            guard let customer else {
                throw Rejection(.missingField, "header customer is not given")
            }
            guard let service else {
                throw Rejection(.missingField, "header service is not given")
            }
            self.init(customer: customer, service: service, function: lambda)
            return
        }
        let parts = lambda.split(separator: ":", omittingEmptySubsequences: false)
        guard (7...8).contains(parts.count), parts[2] == "lambda", parts[5] == "function",
            !parts[4].isEmpty, !parts[6].isEmpty
        else {
            throw Rejection(
                .invalidName,
                "header function is \(String(lambda.unicodeScalars.prefix(128))), "
                    + "expected arn:aws:lambda:REGION:ACCOUNT:function:NAME")
        }
        self.init(
            customer: customer ?? String(parts[4]), service: service ?? String(parts[6]),
            function: String(parts[6]))
    }
}
