"""Operations of a graph, counted by hand."""

from graphs import save_convolutions, save_flattening
from headstart.studies.flops import graph_operations


def test_convolutions_are_counted_from_their_outputs_and_weights(tmp_path):
    # 16 x 16 becomes 7 x 7 by 3 x 3 at stride 2; then 3 x 3 again, padded.
    first = 2 * (12 * 7 * 7) * (3 * 3 * 3)
    second = 2 * (24 * 7 * 7) * (12 * 3 * 3)
    assert graph_operations(save_convolutions(tmp_path / "network.onnx")) == first + second


def test_what_multiplies_nothing_costs_nothing(tmp_path):
    assert graph_operations(save_flattening(tmp_path / "network.onnx")) == 0


def test_the_count_of_a_whole_network_is_torchs(tmp_path):
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from headstart.encoders.graphs import export_module
    from headstart.encoders.silence_output import quiet

    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, stride=2, groups=1),
        torch.nn.Conv2d(8, 8, 3, groups=8),
        torch.nn.Flatten(),
        torch.nn.Linear(8 * 5 * 5, 10),
    ).eval()
    with quiet():
        export_module(network, torch.zeros(2, 3, 16, 16), tmp_path / "network.onnx", "network")
        with FlopCounterMode(display=False) as counter, torch.inference_mode():
            network(torch.zeros(1, 3, 16, 16))
    assert graph_operations(tmp_path / "network.onnx") == counter.get_total_flops()
