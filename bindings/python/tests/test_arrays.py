"""What is taken as a matrix, what is refused, and that nothing is copied."""

import gc
import tempfile
import unittest

import numpy

import dni
from support import digits, network


class Arrays(unittest.TestCase):
    def setUp(self):
        self.context = dni.Context(seed=1)

    def test_results_go_into_the_array_that_is_given(self):
        x, _ = digits(20)
        net, h = network(self.context), numpy.full((20, 12), 9, "float32")
        self.assertIs(net.predict(x, h[:, 1:11]).base, h)
        numpy.testing.assert_array_equal(h[:, 1:11], net.predict(x))
        self.assertTrue((h[:, [0, 11]] == 9).all())

    def test_parts_of_wider_arrays_are_read_where_they_lie(self):
        x, _ = digits(20)
        wide = numpy.concatenate([x, x], 1)
        net = network(self.context)
        numpy.testing.assert_array_equal(net.predict(wide[:, 784:]), net.predict(x))
        numpy.testing.assert_array_equal(net.predict(x[::2]), net.predict(x)[::2])

    def test_refused(self):
        x, y = digits(20)
        net, trainer = network(self.context), None
        trainer = dni.Trainer(net, dni.Loss.softmax_cross_entropy(self.context))
        for bad, kind, text in [
                (x.astype("float64"), dni.ArgumentError, "double"),
                (x.astype("float16"), TypeError, "float16"),
                (x.astype(">f4"), TypeError, ">f4|float32"),
                (numpy.asfortranarray(x), ValueError, "ascontiguousarray"),
                (x[:, ::-1], ValueError, "ascontiguousarray"),
                (x[::-1], ValueError, "ascontiguousarray"),
                (x[:, ::2], ValueError, "ascontiguousarray"),
                (numpy.broadcast_to(x[:1], x.shape), ValueError, "ascontiguousarray"),
                (x.reshape(20, 28, 28), ValueError, "3 dimensions"),
                (x[:, :100], dni.ArgumentError, "100 columns"),
                (None, dni.ArgumentError, "x"),
                ("text", TypeError, "array of"),
        ]:
            with self.assertRaisesRegex(kind, text):
                trainer.step(bad, y) if bad is not None else trainer.step(numpy.empty((0, 784), "f"), y)
        with self.assertRaisesRegex(TypeError, "int64"):
            trainer.step(x, y.astype("int64"))
        frozen = numpy.zeros((20, 10), "float32")
        frozen.flags.writeable = False
        with self.assertRaisesRegex(ValueError, "read-only"):
            net.predict(x, frozen)
        with self.assertRaisesRegex(TypeError, "list"):
            net.predict(x, [[0.0] * 10] * 20)

    def test_numbers_that_c_would_cut_off(self):
        for bad in -1, 2**64:
            with self.assertRaisesRegex(ValueError, "is not between"):
                dni.Layer.dense(self.context, bad, 3, "relu")
        with self.assertRaises(TypeError):
            dni.Layer.dense(self.context, 2.5, 3, "relu")
        with self.assertRaisesRegex(ValueError, "relux.* none of identity, relu"):
            dni.Layer.dense(self.context, 2, 3, "relux")
        with self.assertRaises(TypeError):
            dni.SG.synthetic(self.context, 2, 3, hidden=1)

    def test_handles_of_another_kind_and_closed_ones(self):
        net = network(self.context)
        with self.assertRaisesRegex(TypeError, "expected a dni.Layer, not a Network"):
            net.add(net)
        layer = net.layers[0]
        layer.close()
        with self.assertRaisesRegex(ValueError, "closed"):
            layer.forward(numpy.zeros((1, 784), "float32"))
        layer.close()
        self.assertIn("closed" if layer._pointer is None else "", "closed")

    def test_views_keep_what_they_view(self):
        value = network(self.context).layers[0].parameter(0)[0]
        before = value.copy()
        gc.collect()
        [network(self.context) for _ in range(20)]
        numpy.testing.assert_array_equal(value, before)

    def test_writing_through_a_view(self):
        net, (x, _) = network(self.context, layers=1), digits(5)
        net.layers[0].parameter(0)[0][:] = 0
        net.layers[0].changed()
        self.assertTrue((net.predict(x) == net.layers[0].parameters["bias"]).all())
        net.layers[0].parameters["bias"] = numpy.full((1, 10), 3, "float32")
        self.assertTrue((net.predict(x) == 3).all())

    def test_data_set_keeps_its_arrays_and_copies_nothing(self):
        x, y = digits(50)
        data = dni.Dataset(self.context, x, y)
        address, bytes_before = x.ctypes.data, self.context.bytes
        del x
        gc.collect()
        out, labels = numpy.zeros((50, 784), "float32"), numpy.zeros(50, "int32")
        data.batch(0, out, labels)
        numpy.testing.assert_array_equal(out, digits(50)[0])
        self.assertLess(bytes_before, 60000, "a copy of x would be larger")
        self.assertNotEqual(address, 0)

    def test_memmap_stays_on_disk(self):
        def anonymous():
            with open("/proc/self/status", encoding="ascii") as file:
                return int(next(line for line in file if line.startswith("RssAnon")).split()[1]) << 10
        rows = 64 << 20 >> 2 >> 9
        with tempfile.NamedTemporaryFile() as file:
            file.truncate(rows * 512 * 4)
            x = numpy.memmap(file.name, "float32", "r", shape=(rows, 512))
            trainer = dni.Trainer(network(self.context, 512), dni.Loss.softmax_cross_entropy(self.context))
            y, before = numpy.zeros(rows, "int32"), anonymous()
            y[0] = 9
            for unchecked in True, False:
                trainer.fit(dni.Dataset(self.context, x, y, unchecked=unchecked), steps=20)
            self.assertLess(anonymous() - before, 16 << 20)

    def test_report_of_an_earlier_step(self):
        x, y = digits(20)
        net = network(self.context)
        net.set_sg(0, dni.SG.synthetic(self.context, 32, 10))
        trainer = dni.Trainer(net, dni.Loss.softmax_cross_entropy(self.context))
        report = trainer.step(x, y)
        self.assertEqual(report.sg_mse.shape, (2,))
        trainer.step(x, y)
        self.assertGreater(report.loss, 0)
        with self.assertRaisesRegex(RuntimeError, "earlier step"):
            report.sg_mse


if __name__ == "__main__":
    unittest.main()
