internal import CGSL

/// GSL's default handler aborts the process on a domain error; this turns it off once, before the first call.
private let handlerOff: Void = { _ = unsafe gsl_set_error_handler_off() }()

/// eˣ·K_ν(x), the modified Bessel function of the second kind without its exponential decay, for ν ≥ 0 and x > 0.
func scaledBesselK(order: Double, _ x: Double) -> Double {
    precondition(order >= 0 && x > 0, "K needs an order ≥ 0 and x > 0")
    handlerOff
    return gsl_sf_bessel_Knu_scaled(order, x)
}
