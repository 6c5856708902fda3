"""Everyday words for what features do, with the features that a user may mean.

Users look for "blur" or "baseline", where sigima and DataLab say "gaussian filter" and
"detrending". The names of features and the titles of menus need no entry here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_SMOOTH = "gaussian_filter moving_average moving_median wiener denoise_tv"
_DENOISE = (
    "gaussian_filter moving_median wiener denoise_tv denoise_wavelet denoise_bilateral "
    "denoise_tophat moving_average"
)
_BASELINE = "detrending offset_correction denoise_tophat white_tophat"
_BACKGROUND = "offset_correction detrending flatfield white_tophat denoise_tophat"
_PEAKS = "peak_detection extract_peak_positions gaussian_fit fwhm"
_WIDTH = "fwhm fw1e2 full_width_at_y bandwidth_3db"
_CROP = "extract_roi extract_rois clip"
_SPECTRUM = "fft magnitude_spectrum psd phase_spectrum"
_EDGES = "canny sobel prewitt scharr roberts farid laplace"
_THRESHOLD = "threshold threshold_otsu threshold_li threshold_yen"
_EXTREMES = "x_at_minmax stats clip"
_NOISE = "add_gaussian_noise add_uniform_noise add_poisson_noise allan_deviation"
_BLOBS = "blob_log blob_dog blob_doh blob_opencv contour_shape"
_CIRCLES = "hough_circle_peaks enclosing_circle contour_shape"
_PROFILE = "line_profile average_profile segment_profile radial_profile"
_CONTRAST = (
    "adjust_brightness_contrast equalize_adapthist rescale_intensity adjust_gamma "
    "contrast"
)
_NAN = "replace_special_values"
_COMPLEX = "real imag absolute phase complex_from_real_imag"
_FIT = "gaussian_fit linear_fit polynomial_fit lorentzian_fit exponential_fit"
_COORDINATES = "calibration set_uniform_coords transpose replace_x_by_other_y"
_FLICKER = "allan_deviation allan_variance modified_allan_variance"

_FEATURES_BY_WORDS = {
    "smooth blur soften lowpass": _SMOOTH,
    "denoise noise-reduction despeckle": _DENOISE,
    "despike spikes outlier hot-pixel salt": "moving_median replace_special_values",
    "median": "moving_median",
    "baseline drift trend": _BASELINE,
    "background": _BACKGROUND,
    "offset pedestal dark": "offset_correction difference difference_constant",
    "shading vignetting flat": "flatfield",
    "peak maxima local-maxima": _PEAKS,
    "width linewidth": _WIDTH,
    "resolution": "fwhm bandwidth_3db dynamic_parameters",
    "halfwidth half-width": "fwhm full_width_at_y",
    "beam spot": "centroid fwhm fw1e2 enclosing_circle gaussian_fit",
    "crop cut slice region subset trim": _CROP,
    "roi": "extract_roi extract_rois",
    "spectrum fourier frequency frequencies": _SPECTRUM,
    "power-spectrum spectral-density periodogram": "psd magnitude_spectrum",
    "inverse-fourier backtransform": "ifft",
    "edge outline": _EDGES,
    "gradient": "derivative sobel prewitt scharr",
    "slope": "derivative linear_fit",
    "differentiate diff": "derivative difference",
    "integrate area cumsum cumulative": "integral stats",
    "binarize binarise segment segmentation mask": _THRESHOLD,
    "otsu": "threshold_otsu",
    "min max minimum maximum extremum extrema": _EXTREMES,
    "mean": "average stats moving_average",
    "statistics std rms snr median": "stats standard_deviation",
    "noise": _NOISE,
    "stability jitter": _FLICKER,
    "blob particle spots": _BLOBS,
    "circle hough": _CIRCLES,
    "ellipse contour": "contour_shape",
    "centre center-of-mass barycenter position": "centroid",
    "profile lineout cross-section": _PROFILE,
    "azimuthal": "radial_profile",
    "project projection sum-rows": "horizontal_projection vertical_projection",
    "brightness": _CONTRAST,
    "contrast": _CONTRAST,
    "gamma": "adjust_gamma",
    "visibility": "contrast",
    "clahe": "equalize_adapthist",
    "nan inf missing fill": _NAN,
    "saturate limit clamp": "clip",
    "complex": _COMPLEX,
    "angle argument": "phase rotate",
    "magnitude modulus abs": "absolute magnitude_spectrum",
    "conjugate": "imag",
    "add plus sum": "addition addition_constant",
    "subtract minus": "difference difference_constant",
    "multiply times scale": "product product_constant calibration",
    "divide ratio": "division division_constant",
    "reciprocal": "inverse division",
    "invert negate negative": "inverse product_constant",
    "stretch": "rescale_intensity equalize_hist calibration",
    "savgol savitzky golay": _SMOOTH,
    "join concatenate merge combine": "addition average signals_to_image",
    "autocorrelation": "psd convolution",
    "log logarithm": "log10 log10_z_plus_n adjust_log",
    "square": "power",
    "root": "sqrt",
    "exponential": "exp exponential_fit",
    "curve-fit model regression": _FIT,
    "polyfit polynomial": "polynomial_fit",
    "line straight": "linear_fit line_profile",
    "lorentz": "lorentzian_fit",
    "decay lifetime": "exponential_fit piecewiseexponential_fit",
    "sine oscillation": "sinusoidal_fit",
    "blackbody planck temperature": "planckian_fit",
    "erf step": "cdf_fit sigmoid_fit extract_pulse_features",
    "logistic": "sigmoid_fit",
    "resample downsample decimate": "resampling binning interpolate",
    "upsample regrid": "resampling interpolate resize",
    "zoom rescale": "resize resampling binning",
    "bin rebin aggregate": "binning histogram",
    "interp spline": "interpolate resampling",
    "pad padding zeros": "zero_padding",
    "turn tilt": "rotate rotate90 rotate270",
    "mirror": "fliph flipv reverse_x",
    "flip": "fliph flipv reverse_x",
    "shift move": "translate calibration",
    "swap": "transpose replace_x_by_other_y",
    "reverse": "reverse_x",
    "axes axis units coordinates pixel-size": _COORDINATES,
    "dtype cast convert uint8 float32": "astype",
    "scale-to-one": "normalize",
    "window hann hamming taper apodize apodise": "apply_window",
    "notch": "bandstop",
    "filter": "gaussian_filter lowpass highpass bandpass butterworth",
    "hum mains": "bandstop",
    "correlate correlation convolve kernel": "convolution",
    "deconvolve psf": "deconvolution",
    "distribution": "histogram",
    "erase remove blank": "erase",
    "stack": "signals_to_image average",
    "erode": "erosion",
    "dilate grow": "dilation",
    "tophat": "white_tophat black_tophat denoise_tophat",
    "compare": "difference quadratic_difference",
    "rise risetime falltime pulse": "extract_pulse_features",
    "enob sinad thd sfdr distortion": "dynamic_parameters",
    "sample-rate sampling period": "sampling_rate_period",
    "cutoff 3db": "bandwidth_3db",
    "crossing level": "x_at_y full_width_at_y",
    "read-off lookup": "y_at_x x_at_y",
    "lissajous": "xy_mode",
    "polar": "to_polar to_cartesian",
    "envelope": "absolute",
}

#: For each word, the features, the most probable first.
FEATURES_BY_WORD: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        word: tuple(names.split())
        for words, names in reversed(_FEATURES_BY_WORDS.items())
        for word in words.split()
    }
)
