# ruff: noqa: RUF001
"""Compact lists of given names and surnames by tongue, and what registers other than of persons need.

The words are ordinary names; people made of them are invented. Surnames stand in the male form.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one tongue: given names by gender, surnames in the male form."""

    female: tuple[str, ...]
    male: tuple[str, ...]
    surnames: tuple[str, ...]


def _names(female: str, male: str, surnames: str) -> Names:
    return Names(tuple(female.split()), tuple(male.split()), tuple(surnames.split()))


TONGUES = {
    "et": _names(
        "Mari Liis Kadri Anu Tiina Piret Kersti Maarja Leelo Õie Ülle Külli Triin Merike Sirje Helve Aino Tuuli "
        "Eha Kaja Malle Reet Silja Urve Viivi Hele Imbi Kätlin Siiri Jaana",
        "Jüri Mart Tõnu Märt Peeter Rein Toomas Andres Urmas Kalev Ants Jaak Priit Tarmo Aivar Väino Ülo Ain Lembit "
        "Madis Kristjan Siim Taavi Rauno Heino Endel Indrek Mihkel Sulev Arvo",
        "Tamm Saar Sepp Mägi Kukk Rebane Ilves Pärn Koppel Oja Kuusk Luik Raudsepp Vaher Lepik Kõiv Põder Kütt Orav "
        "Vaino Kangur Nurk Ots Rand Jõgi Laas Hunt Kivi Lõhmus Sild Toom Uibo Jänes Aas Kallaste Järve Soosaar "
        "Roosimäe Leppik Haab Karu Kull Männik Nõmm Org Paju Puusepp Rätsep Soo Talv Teder Toomsalu Vares Võsu "
        "Õunapuu Ööbik Üksvärav Kõrvits Lillemäe Härmaveer Metsaots Pihlak Raba Sarapuu Tihane Veski Vooglaid "
        "Kaevand Lainejõe Nurme Pajusoo Randoja Rohusaar Sinilaid Tuuleveer Urbsalu Viljamäe Ahjupera Hõbesalu",
    ),
    "fi": _names(
        "Aino Helmi Kaisa Päivi Sari Tuula Marjatta Liisa Hanna Sanna Katri Outi Riitta Seija Pirjo Eila Venla Ilona "
        "Jenni Kirsi Maija Noora Oona Ritva Saara Tytti Ulla Veera Anni Äidikki",
        "Matti Jukka Antti Pekka Heikki Timo Kari Juhani Mikko Ville Eero Ilkka Jari Kalle Lauri Markku Olli Pertti "
        "Raimo Seppo Teemu Urho Väinö Yrjö Aleksi Esa Hannu Onni Tapio Sakari",
        "Virtanen Korhonen Mäkinen Nieminen Mäkelä Hämäläinen Laine Heikkinen Koskinen Järvinen Lehtonen Lehtinen "
        "Saarinen Salminen Heinonen Niemi Kinnunen Salonen Turunen Salo Laitinen Tuominen Rantanen Karjalainen "
        "Jokinen Mattila Savolainen Lahtinen Ahonen Ojala Leppänen Väisänen Hiltunen Kallio Miettinen Leinonen "
        "Pitkänen Aaltonen Manninen Hakala Koivisto Anttila Laaksonen Räsänen Hirvonen Lehto Laakso Toivonen "
        "Rantala Mustonen Aalto Peltola Hietala Pöyhtäri Yläjärvi Äijälä Vesterinen Ruusuvuori Tuulimäki Kivelä "
        "Rautio Sorsa Myllymäki Harju Haukka Ilvesoja Joutsenlahti Kaislaranta Lumiaho Metsäpuro Nurmiranta Orava "
        "Puroniitty Routasalo Suopelto Talvisalo Uusiaho Vaahtera Ylitalo Öljymäki",
    ),
    "sv": _names(
        "Åsa Karin Ingrid Märta Birgitta Elin Sofia Maja Linnéa Ebba Frida Gunilla Hedvig Ida Johanna Kerstin Lovisa "
        "Malin Nora Petra Rut Siv Tove Ulrika Viveka Ylva Ärla Sigrid Agneta Britt-Marie",
        "Åke Björn Göran Håkan Lars Sven Nils Erik Gustav Johan Karl Anders Mats Ola Per Rolf Stig Torsten Ulf Viktor "
        "Axel Bengt Conny Einar Folke Gösta Hugo Ivar Jörgen Lennart",
        "Lindström Bergqvist Sjöberg Åkesson Öhman Nyström Hedlund Forsberg Engström Söderlund Lindqvist Holmgren "
        "Wallin Sandberg Björklund Åberg Dahlgren Ekström Fransson Gunnarsson Hellström Isaksson Jonasson Källström "
        "Löfgren Månsson Norberg Olofsson Pålsson Rosenqvist Samuelsson Törnqvist Ulander Viklund Westerberg "
        "Zetterlund Ångström Ödman Almgren Blomqvist Claesson Danielsson Edlund Fredlund Grönkvist Håkansson "
        "Ivarsson Josefsson Klingberg Lövgren Mårtensson Nordin Oskarsson Palmkvist Rydberg Stenmark Thorell Unger "
        "Vestin Winberg Åström Östlund Björkhag Ekdunge Fjällbäck Granmyr Hasselgren Kråkberg Lönnskog Myrås "
        "Näckrosdal Ormbäck Rönnhag Skogsäng Tallmyr Videhag Ängsvik Älvdunge Örnmark Åskulle",
    ),
    "lv": _names(
        "Anna Līga Ilze Inese Kristīne Sandra Dace Elīna Ieva Zane Agnese Baiba Daiga Evija Gunta Inga Jana Krista "
        "Laima Madara Ņina Olga Rūta Sanita Terēze Una Vēsma Žanete Ģertrūde Ķērsta",
        "Jānis Andris Juris Edgars Mārtiņš Pēteris Aivars Guntis Valdis Māris Normunds Kārlis Ēriks Imants Ģirts "
        "Raitis Sandis Tālis Uldis Vilnis Zigurds Ainārs Bruno Dainis Gatis Harijs Ilmārs Kaspars Laimonis Žanis",
        "Bērziņš Kalniņš Ozoliņš Liepiņš Krūmiņš Balodis Eglītis Zariņš Pētersons Vītols Kļaviņš Kārkliņš Vanags "
        "Jansons Auziņš Grīnbergs Lapiņš Rozītis Šmits Āboliņš Briedis Celmiņš Dzenis Ēvalds Freimanis Gailītis "
        "Irbītis Jaunzems Ķepītis Lācis Muižnieks Niedra Ošs Priedītis Riekstiņš Strazdiņš Tērauds Upītis Vilks "
        "Zālītis Žagars Ābele Bite Cīrulis Dālderis Egle Gulbis Ilziņš Jurēvics Krastiņš Lūsis Mežs Ņikāns "
        "Ozolnieks Purviņš Rudzītis Saulītis Tauriņš Ūdris Vējiņš Zeltiņš Žubītis Apinis Bramanis Čiekurs "
        "Druviņš Ezeriņš Graudiņš Kalējs Līcis Medenis Ogriņš Pumpuriņš Rasiņš Sniedziņš Tīrums Vārpiņš Zvirbulis",
    ),
    "lt": _names(
        "Rasa Daiva Jurgita Rūta Aušra Vilma Jūratė Eglė Giedrė Živilė Birutė Danutė Gražina Laima Nijolė Ona "
        "Regina Violeta Žydrė Agnė Austėja Dovilė Gabija Ieva Justina Kotryna Milda Neringa Ugnė Viktorija",
        "Jonas Vytautas Antanas Kęstutis Algirdas Mindaugas Gediminas Darius Saulius Rimantas Žydrūnas Šarūnas "
        "Arūnas Tomas Marius Andrius Linas Povilas Rokas Mantas Ąžuolas Česlovas Evaldas Giedrius Justas Karolis "
        "Laurynas Nerijus Ramūnas Valdas",
        "Kazlauskas Jankauskas Petrauskas Stankevičius Vasiliauskas Žukauskas Butkus Paulauskas Urbonas "
        "Kavaliauskas Navickas Ramanauskas Savickas Kairys Šimkus Gudaitis Stonkus Balčiūnas Rimkus Mockus "
        "Žilinskas Lukoševičius Bagdonas Mažeika Norkus Jonaitis Petraitis Adomaitis Juškus Klimas Gudelis Banys "
        "Šileika Čepaitis Dambrauskas Eidukas Gailius Grigaitis Ivanauskas Jasaitis Kubilius Lapinskas Matulis "
        "Noreika Ožalas Pocius Račkauskas Sabaliauskas Tamulis Uždavinys Vaitkus Zabulis Žemaitis Aleksa Bružas "
        "Čiurlys Dailidė Ežerskis Girdauskas Jurkus Kiškis Laurinaitis Merkys Narbutas Ąžuolas Pakalnis Rudys "
        "Skirmantas Šaltenis Tauras Uosis Vanagas Zuikis Žvirblis Bičiulis Gegužis Liepaitis Šermukšnis",
    ),
    "pl": _names(
        "Anna Małgorzata Katarzyna Agnieszka Barbara Ewa Elżbieta Zofia Magdalena Joanna Bożena Grażyna Łucja "
        "Jadwiga Żaneta Stanisława Urszula Dorota Beata Iwona Kinga Wanda Teresa Halina Renata Aleksandra "
        "Wioletta Mirosława Świętosława Paulina",
        "Piotr Krzysztof Andrzej Tomasz Paweł Michał Łukasz Marcin Grzegorz Stanisław Zbigniew Jerzy Wojciech "
        "Jarosław Sławomir Mirosław Tadeusz Ryszard Kazimierz Bartłomiej Bogusław Henryk Jacek Przemysław "
        "Radosław Szymon Wiesław Zdzisław Żegota Dominik",
        "Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski "
        "Kozłowski Jankowski Mazur Kwiatkowski Wojciechowski Krawczyk Kaczmarek Piotrowski Grabowski Zając "
        "Pawłowski Michalski Król Wieczorek Jabłoński Wróbel Nowakowski Majewski Olszewski Stępień Malinowski "
        "Jaworski Adamczyk Dudek Nowicki Pawlak Górski Witkowski Walczak Sikora Baran Rutkowski Michalak Szewczyk "
        "Ostrowski Tomaszewski Pietrzak Zalewski Wróblewski Marciniak Jasiński Zawadzki Bąk Jakubowski Sadowski "
        "Duda Włodarczyk Wilk Chmielewski Borkowski Sokołowski Szczepański Sawicki Kucharski Lis Maciejewski "
        "Kubiak Kalinowski Wysocki Mazurek Kołodziej Kaźmierczak Czarnecki Sobczak Głowacki Ćwikliński Łęcki "
        "Żuraw Śliwiński Źródłowski",
    ),
    "de": _names(
        "Ursula Monika Petra Sabine Heike Renate Gisela Jürgine Bärbel Käthe Grit Anke Birgit Claudia Doris Elke "
        "Franziska Gudrun Helga Ilse Jutta Karla Liselotte Mareike Nadine Rosemarie Silke Ute Waltraud Änne",
        "Jürgen Günter Jörg Björn Götz Rüdiger Wolfgang Klaus Uwe Dieter Heinz Manfred Rainer Bernd Detlef "
        "Eckhard Florian Gerhard Holger Ingo Joachim Karsten Lutz Matthias Norbert Ottmar Reinhold Siegfried "
        "Thorsten Volker",
        "Müller Schäfer Köhler Böhm Krüger Schröder Jäger Möller Schütz Bäcker Lührs Hölscher Büttner Größer Weiß "
        "Voß Strauß Albers Brandt Claussen Dietrich Ebert Fischer Gerlach Hartwig Iversen Jansen Kessler Lindner "
        "Mahler Neumann Opitz Petersen Quast Reinhardt Seidel Thiele Ulrich Vogel Wagner Ziegler Ahrens Bergmann "
        "Cordes Dorn Engel Friedrich Geiger Herrmann Imhof Jahn Kraft Lorenz Menzel Nagel Oswald Pohl Rieger "
        "Sommer Teichmann Uhlig Winkler Zimmer Auerbach Birkner Dahlke Eichhorn Falkner Grünewald Hagedorn "
        "Kranich Lerchner Moosbach Nordhaus Rosenthaler Steinweg Tannhäuser Wiesengrund Zaunkönig",
    ),
    "en": _names(
        "Abigail Beverly Charlotte Deborah Evelyn Felicity Georgia Harriet Imogen Josephine Kimberly Lorraine "
        "Meredith Nancy Olivia Priscilla Quinn Rebecca Savannah Tabitha Ursula Vivian Wendy Yolanda Zoe Guadalupe "
        "Marisol Ximena Paloma Consuelo",
        "Adam Benjamin Charles Douglas Edward Franklin Gregory Harold Isaac Jacob Kenneth Lawrence Mitchell "
        "Nathaniel Oliver Patrick Quentin Raymond Stephen Theodore Ulysses Vincent Walter Xavier Zachary "
        "Alejandro Diego Emilio Joaquín Rafael",
        "Hawthorne Ashcroft Bradford Caldwell Donovan Ellsworth Fairchild Garrison Hollister Ingram Jefferson "
        "Kendrick Langley Merriweather Norwood Oakley Pemberton Quincy Radcliffe Sheffield Thornton Underhill "
        "Vandermeer Whitaker Yardley Abernathy Blackwell Crawford Davenport Eastwood Finnegan Goodwin Hathaway "
        "Irving Jessup Kingsley Lockwood Maddox Nolan Overton Prescott Quigley Redmond Stanton Tillman Upshaw "
        "Vaughn Waverly York Zimmerman Barlow Coleman Delgado Espinosa Fuentes Garza Herrera Ibarra Juarez Lozano "
        "Mendoza Navarro Ochoa Pacheco Quintero Rosales Salazar Trevino Valdez Zamora Brookfield Cedarwood "
        "Foxworth Greystone Millbrook Ridgewell Stonebridge Winterbourne",
    ),
    "ru": _names(
        "Анна Ольга Елена Ирина Наталья Светлана Татьяна Людмила Галина Юлия Мария Вера Надежда Оксана Жанна Зоя "
        "Екатерина Ксения Лариса Марина Нина Полина Раиса София Тамара Яна Эльвира Алла Дарья Инна",
        "Юрий Сергей Алексей Андрей Дмитрий Николай Игорь Олег Виктор Михаил Павел Евгений Анатолий Борис Вадим "
        "Геннадий Денис Егор Захар Кирилл Леонид Максим Никита Роман Степан Тимофей Фёдор Эдуард Яков Артём",
        "Иванов Смирнов Кузнецов Попов Васильев Петров Соколов Михайлов Новиков Фёдоров Морозов Волков Алексеев "
        "Лебедев Семёнов Егоров Козлов Степанов Николаев Орлов Андреев Макаров Никитин Захаров Зайцев Соловьёв "
        "Борисов Яковлев Григорьев Романов Воробьёв Сергеев Кузьмин Фролов Дмитриев Королёв Гусев Киселёв Ильин "
        "Поляков Сорокин Виноградов Ковалёв Белов Медведев Антонов Тарасов Жуков Баранов Филиппов Давыдов Беляев "
        "Герасимов Богданов Осипов Сидоров Матвеев Титов Марков Миронов Крылов Куликов Карпов Власов Мельников "
        "Денисов Гаврилов Тихонов Казаков Афанасьев Шубин Щербинин Чернышёв Юрлов Хохлов Цветков Эльтеков "
        "Вишневский Озерский Полянский",
    ),
}
"""Names by tongue."""

SPOKEN = {
    "EE": (("et", 0.76), ("ru", 0.24)),
    "FI": (("fi", 0.9), ("sv", 0.1)),
    "SE": (("sv", 0.94), ("fi", 0.06)),
    "LV": (("lv", 0.72), ("ru", 0.28)),
    "LT": (("lt", 0.84), ("pl", 0.08), ("ru", 0.08)),
    "PL": (("pl", 0.98), ("de", 0.02)),
    "DE": (("de", 0.9), ("pl", 0.06), ("ru", 0.04)),
    "US": (("en", 0.93), ("de", 0.04), ("pl", 0.03)),
}
"""The tongues of each country's names and their shares."""

CARS = (
    ("Volvo", "V60"), ("Volvo", "XC40"), ("Saab", "9-3"), ("Škoda", "Octavia"), ("Škoda", "Fabia"),
    ("Toyota", "Corolla"),
    ("Toyota", "RAV4"), ("Volkswagen", "Golf"), ("Volkswagen", "Transporter"), ("Audi", "A4"), ("BMW", "320d"),
    ("Ford", "Focus"), ("Nissan", "Qashqai"), ("Opel", "Astra"), ("Mazda", "CX-5"), ("Scania", "R450"),
)  # fmt: skip
"""Makes and models of vehicles."""

FIRM_WORDS = {
    "EE": (
        "Põhjarand Kaljusaare Meretuul Rukkilill Suvila Hallikivi Koidutäht Võrgumäe",
        "Kaubandus Ehitus Veod Puit Tehnika",
    ),
    "FI": (
        "Revontuli Kanervasuo Tuulahdus Kuutamo Vesikivi Hopealahti Aamurusko Ylämaa",
        "Kauppa Rakennus Kuljetus Puu Tekniikka",
    ),
    "SE": (
        "Norrsken Ljungheden Skärvik Månljus Björkö Silverviken Gryning Ängslyckan",
        "Handel Bygg Frakt Trä Teknik",
    ),
    "LV": (
        "Ziemeļblāzma Jūrmalnieks Saulrieti Ozolkrasts Dzintarkalns Rītausma Vējupe Ķiršlejas",
        "Tirdzniecība Būve Transports Koks Tehnika",
    ),
    "LT": (
        "Pašvaistė Gintarinė Žiedupė Ąžuolynas Vėjūnė Sidabrinė Rytmetys Ežeraičiai",
        "Prekyba Statyba Vežimas Mediena Technika",
    ),
    "PL": (
        "Zorza Wrzosowisko Księżycówka Źródlana Srebrzanka Świtezianka Łabędziów Bursztynowa",
        "Handel Budowa Transport Drewno Technika",
    ),
    "DE": (
        "Nordlicht Heidegrund Mondschein Quellstein Silberbucht Morgenröte Höhenland Bernsteinküste",
        "Handel Bau Spedition Holz Technik",
    ),
    "US": (
        "Northlight Heatherfield Moonrise Springstone Silverbay Daybreak Highmeadow Ambercoast",
        "Trading Construction Freight Timber Technology",
    ),
}  # fmt: skip
"""First and second words of invented companies."""

FORMS = {
    "EE": ("OÜ", "AS"), "FI": ("Oy", "Ky"), "SE": ("AB", "HB"), "LV": ("SIA", "AS"),
    "LT": ("UAB", "AB"), "PL": ("S.A.", "S.K.A."), "DE": ("GmbH", "AG"), "US": ("LLC", "Inc."),
}  # fmt: skip
"""Legal forms; the first is the usual one."""

BANKS = {
    "EE": "Põhjaranna Pank", "FI": "Hopealahden Pankki", "SE": "Silvervikens Bank", "LV": "Dzintarkalna Banka",
    "LT": "Gintarinės Bankas", "PL": "Bank Bursztynowy", "DE": "Bernsteinküsten-Bank", "US": "Ambercoast Savings",
}  # fmt: skip
"""One invented bank for each country."""

STREETS = {
    "EE": ("Pihlaka tn|Kase pst|Mere tee|Vana-Posti tn", "Tallinn|Tartu|Pärnu|Narva"),
    "FI": ("Koivukatu|Rantatie|Myllykuja|Asemakatu", "Helsinki|Turku|Tampere|Oulu"),
    "SE": ("Björkgatan|Strandvägen|Kvarngränd|Storgatan", "Stockholm|Göteborg|Malmö|Umeå"),
    "LV": ("Bērzu iela|Jūras iela|Dzirnavu iela|Stacijas iela", "Rīga|Liepāja|Daugavpils|Ventspils"),
    "LT": ("Beržų g.|Jūros g.|Malūno g.|Stoties g.", "Vilnius|Kaunas|Klaipėda|Šiauliai"),
    "PL": ("ul. Brzozowa|ul. Morska|ul. Młyńska|ul. Dworcowa", "Warszawa|Gdańsk|Łódź|Białystok"),
    "DE": ("Birkenweg|Seestraße|Mühlengasse|Bahnhofstraße", "Berlin|Köln|München|Görlitz"),
    "US": ("Birch Ln|Shore Dr|Mill St|Station Ave", "Springfield|Riverside|Franklin|Clinton"),
}
"""Streets and towns."""
