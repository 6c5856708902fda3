# > Gaussian noise with a standard deviation of 0.1
assert abs((gaussian - true).std() - 0.1) < 0.002
# > impulses that make 5 % of the pixels white or black
assert abs((np.abs(impulses - true) > 0).mean() - 0.05) < 0.004
assert {*impulses[impulses != true]} == {0.0, 1.0}
# > The values are from 0 to 1.
assert true.min() >= 0
assert true.max() <= 1
# > the largest possible difference, here 1
assert np.isclose(
    psnr("Gaussian"), -20 * np.log10(np.sqrt(((gaussian - true) ** 2).mean()))
)
# > 6 dB more is half the error.
halved = peak_signal_noise_ratio(true, true + (gaussian - true) / 2, data_range=1)
assert abs(halved - psnr("Gaussian") - 6) < 0.1
# > Total variation is the best filter against Gaussian noise, by a small margin.
ordered = table["Gaussian"].sort_values()
assert ordered.index[-1] == "denoise_tv"
assert 0 < ordered.iloc[-1] - ordered.iloc[-2] < 1
# > The median is by far the best against impulses.
ordered = table["impulses"].sort_values()
assert ordered.index[-1] == "moving_median"
assert ordered.iloc[-1] - ordered.iloc[-2] > 6
# > The filters that take averages spread an impulse over its neighbours
single = np.zeros((5, 5))
single[2, 2] = 1
average = workspace.get(
    workspace.calc("moving_average", on=workspace.add("single", single), n=3)
)
median = workspace.get(workspace.calc("moving_median", on="single", n=3))
assert (average.data > 0).sum() == 9
assert not median.data.any()
# > A filter that is too weak leaves noise, and one that is too strong removes the flower.
assert quality[0] < max(quality) - 3
assert quality[-1] < max(quality) - 1
assert 0 < np.argmax(quality) < len(quality) - 1
# > Those that the Gaussian filter removes are clearer than those that total variation removes.
steep = np.hypot(
    *np.gradient(workspace.get(workspace.calc("gaussian_filter", on="true")).data)
)
edges = steep > np.quantile(steep, 0.9)
at_edges = {
    name: np.var(left[edges]) / np.var(left[~edges]) for name, left in removed.items()
}
assert at_edges["gaussian_filter"] > 1.1 * at_edges["denoise_tv"]
